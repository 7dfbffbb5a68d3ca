"""A run's page in a real Chromium: `make prove ONLY=page`.

    whole.py     made runs: one with every section there can be, one with ten thousand findings
    gates.py     pages of the SDK gate: a run, a case, one of two thousand rows, a matrix; and hostile ones
    nights.py    the history of a made night
    answers.py   what the schemas leave open in a measurement, as real runs fill it
    hostile.py   the same with markup in every text that the schemas leave free
    bad.py       pages with one deliberate defect each, which have to be caught
    spoilt.py    the real pages with one defect each, likewise
    browser.py   gets Chromium, its driver and axe-core, and has pages looked at
    driver.py    looks at them; runs in an environment of its own, which has Playwright
    look.js      what is asked of a page from within; stops.js: where the Tab key stops
    judge.py     what is wrong with what was seen; pure

The driver judges nothing, so that the judge is tested without a browser.
"""
