"""What a pipeline is given, judged by its own tools and run: `make prove ONLY=ci` (tests/proof_of_ci.py).

linters.py   actionlint, zizmor, check-jsonschema and ShellCheck on what we ship, and on planted defects
steps.py     runs the `run:` steps of action.yml as GitHub's runner would
gitlab.py    runs the GitLab template with gitlab-ci-local
sizes.py     summary.md and junit.xml with ten thousand findings
"""
