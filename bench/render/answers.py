"""Answers as models write them: prose, lists, links, code, a table, characters of more than one byte."""

import itertools

# `¤` is a number of its own on each line: no line has been seen before, as in life.
_BLOCK = """\
## Returning order ¤

You can return **any item** of order ¤ within thirty days, see [the policy](https://shop.example/returns?of=¤).
Keep the `receipt` ¤, please. Refunds take about five working days. Who paid in a shop gets the money there.

1. Open *Orders* and choose number ¤.
2. Print label ¤; it is free of charge, and two weeks long it is good for every shop of ours.
3. Bring the parcel to a shop before ¤ o'clock, or ask <@U0¤> there.

| country | days | price |
|---|---:|---|
| Japan | ¤ | 1,200 JPY |
| Germany | ¤ | 4.90 EUR |

```python
def label(order: int = ¤) -> bytes:
    # one page of ¤: a < b, and @everyone may print it
    return render("label.html", order=order, number=¤)
```

#### Why does it take ¤ days?

返品¤は三十日以内なら可能です。Long sentences follow one another here, so that there is a paragraph of some
length too; this is number ¤. It has a code span `x < ¤`, an address https://example.com/a?b=¤ and ends well.

"""
_numbers = itertools.count(10_000)


def answer(characters: int) -> str:
    """A new answer of this length, which shares no line with any other."""
    text = ""
    while len(text) < characters:
        first, *rest = _BLOCK.split("¤")
        text += first + "".join(f"{next(_numbers)}{part}" for part in rest)
    return text[:characters]
