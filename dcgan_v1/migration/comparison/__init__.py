"""What two programs compute, side by side: inputs, collecting, differences. Loads no framework."""
