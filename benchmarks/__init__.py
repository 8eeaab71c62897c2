# SPDX-License-Identifier: MIT
"""What pymx costs, beside its peers and the limit; see README.rst in this folder."""
