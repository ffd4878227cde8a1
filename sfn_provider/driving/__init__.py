"""What operators and sensors share: AWS arguments, starts that a retry does not repeat, deployment."""
