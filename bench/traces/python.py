"""What is recorded from CPython: parsing, searching and counting of text, with records that stay."""

import collections
import json
import random
import re

random.seed(5)
WORDS = ["w%x" % random.getrandbits(random.choice((8, 12, 20))) for _ in range(4000)]


def record(number):
    return {
        "id": number,
        "name": " ".join(random.choices(WORDS, k=3)),
        "tags": random.sample(WORDS, k=random.randrange(6)),
        "place": {"x": random.random(), "y": random.random()},
        "text": " ".join(random.choices(WORDS, k=random.randrange(5, 60))),
    }


kept = {}
counts = collections.Counter()
for number in range(100_000):
    document = json.dumps(record(number))
    read = json.loads(document)
    counts.update(re.findall(r"w[0-9a-f]{3,4}\b", read["text"]))
    read["words"] = [word.upper() for word in read["text"].split() if len(word) > 3]
    kept[read["name"]] = read
    if len(kept) > 2000:
        del kept[random.choice(list(kept)[:50])]
print(counts.most_common(3))
