"""pytest asks the questions: is this exchange right? Thin; what a question means is in conformance/."""
