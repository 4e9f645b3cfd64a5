"""The tray plugins, one folder each."""
