# SPDX-License-Identifier: MIT
"""The measurements, one a module; `measure` returns its figures."""
