"""An exchange that follows the rules: the model behind the wire, with deliberate faults on demand."""
