"""What everything else stands on: codes, errors, files, checks, progress, printing."""
