"""What the streams of an exchange do when they are tried: each behaviour is pure findings and a small driver."""
