"""What everything stands on: errors, files, shipped resources and measured results."""
