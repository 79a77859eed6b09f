from bench.studies.write_page import PAGE, RESULTS, page, spread


def test_the_page_says_what_was_measured():
    assert PAGE.read_text(encoding="utf-8") == page(RESULTS), (
        "run PYTHONPATH=. python bench/studies/write_page.py"
    )


def test_several_values_come_with_their_range_and_number():
    assert spread([0.5]) == "0.5000"
    assert spread([0.1, 0.4, 0.1]) == "0.2000 (0.1000 to 0.4000, n = 3)"
