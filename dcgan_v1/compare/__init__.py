"""Runs a system and its counterpart side by side and says where they differ and why."""
