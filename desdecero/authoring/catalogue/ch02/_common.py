"""Mistakes that training and encoding share; their worked solutions merge in the same line."""

MERGE_LOSING_THE_LAST = """\
merged, i = [], 0
        while i < len(sequence) - 1:
            if (sequence[i], sequence[i + 1]) == best:
                merged.append(best[0] + best[1])
                i += 2
            else:
                merged.append(sequence[i])
                i += 1
        sequence = merged"""
