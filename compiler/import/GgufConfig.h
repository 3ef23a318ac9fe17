// A GGUF file's `llama.*` metadata as the text of a config.json, so that the model families read one kind of config.
//
// What the metadata cannot say comes from the tensors: tied embeddings (no output.weight), biases, and the frequency
// factors of rope_freqs.weight, which become a `longrope` section with one list for every length. docs/models.md has
// the table of keys.
#pragma once

#include "compiler/import/GgufMetadata.h"

#include <string>

namespace tenon {

struct GgufConfig {
  std::string json;
  int64_t heads = 0, kvHeads = 0; // how the rows of query and key are interleaved (GgufTensors.h)
  int64_t vocab = 0;
};

// `bytes` is the whole file. InvalidFile: keys missing, mistyped, out of range or contradicting the tensors.
// Unsupported: another architecture, a part of a model, or a key that may change the numbers and is not understood.
Result<GgufConfig> readGgufConfig(GgufMetadata &metadata, const GgufHeader &header, std::span<const uint8_t> bytes);

} // namespace tenon
