"""The parts of scripts/bench: who is measured (servers), what with (load, probes), and how it is told (table)."""
