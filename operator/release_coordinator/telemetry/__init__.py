"""What the operator tells the outside about itself: metrics, logs, health."""
