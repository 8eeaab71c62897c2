# SPDX-License-Identifier: MIT
"""The measured programs in Python, each run as a process of its own."""
