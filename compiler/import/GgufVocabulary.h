// A GGUF file's `tokenizer.*` metadata as the texts of tokenizer.json and tokenizer_config.json, so that the runtime
// reads one kind of tokenizer.
//
//   tokenizer.ggml.model "gpt2"   byte-level BPE: tokens and merges as they are, words by tokenizer.ggml.pre
//   tokenizer.ggml.model "llama"  SentencePiece's BPE: the merges follow from the tokens' scores
//
// Special tokens come from tokenizer.ggml.token_type; they are found in text before anything else is done to it.
// docs/tokenizers.md has the table of keys.
#pragma once

#include "compiler/import/Generation.h"
#include "compiler/import/GgufMetadata.h"

#include <string>

namespace tenon {

struct GgufVocabulary {
  std::string tokenizer;       // tokenizer.json; empty where the file has no vocabulary
  std::string tokenizerConfig; // tokenizer_config.json, with the chat template
  Generation generation;       // the ids that begin and end a text
};

// `vocab` is the number of rows of the embedding. InvalidFile: lists missing or of different lengths, ids outside.
// Unsupported: another kind of vocabulary, or a key that may change the ids and is not understood.
Result<GgufVocabulary> readGgufVocabulary(GgufMetadata &metadata, int64_t vocab);

} // namespace tenon
