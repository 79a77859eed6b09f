"""What turns images into codes, and files of codes."""
