"""Run Switchboard on this machine: AWS emulator, carrier sandbox and the unchanged template."""
