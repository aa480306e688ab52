"""What the generators of packages/video-llm share: pinned versions, offline mode, a byte-level BPE tokenizer."""

import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import tokenizers
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

for module, version in ((torch, "2.13.0"), (transformers, "5.18.0"), (tokenizers, "0.23.2")):
    if not module.__version__.startswith(version):
        sys.exit(f"expected {module.__name__} {version}, found {module.__version__}")


def train_tokenizer(text, size, specials):
    """Byte-level BPE of at most `size` tokens over one sentence, with special tokens after them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([text] * 2, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    return tokenizer
