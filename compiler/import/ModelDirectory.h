// Everything that a model's source says, gathered: a Hugging Face folder, a GGUF file, or a config alone.
//
//   DIR                  config.json, generation_config.json, safetensors, tokenizer files
//   FILE.gguf            one file with all of it; its metadata become the text of the files above
//   random:CONFIG.json   that config only; weights are to be pseudo-random
//   zeros:CONFIG.json    that config only; weights are to be zero
//
// Small files are read whole, each below a size limit; weights stay where they are (Checkpoint.h). What the family
// makes of the config is not known here. Ownership: owns everything; move-only.
#pragma once

#include "compiler/import/Checkpoint.h"
#include "compiler/import/Generation.h"
#include "runtime/base/Json.h"

#include <optional>
#include <string>
#include <vector>

namespace tenon {

enum class WeightSource { Checkpoint, Random, Zeros };

// Bytes as they stand in the folder, not parsed; empty where there is no such file.
struct TokenizerFiles {
  std::string tokenizer;        // tokenizer.json
  std::string tokenizerConfig;  // tokenizer_config.json
  std::string specialTokensMap; // special_tokens_map.json
  std::string chatTemplate;     // chat_template.jinja
  // Why `tokenizer` is empty and what to do, for a message; empty where it is not.
  std::string absence;
};

struct ModelDirectory {
  std::string source; // as the user named it
  WeightSource weights = WeightSource::Checkpoint;
  std::string configText; // config.json as it stands, or as a GGUF file's metadata make it
  JsonDocument config;    // the same, parsed
  Generation generation;
  std::optional<Checkpoint> checkpoint; // set exactly where `weights` is Checkpoint
  TokenizerFiles tokenizer;
  std::vector<std::string> files; // every file that was read or mapped, as a path that begins like `source`

  // Errors: InvalidFile (absent, damaged), Unsupported (a kind of source that cannot be read), Resource.
  static Result<ModelDirectory> open(const std::string &source);

  // config.json's model_type, by which the family is chosen.
  Result<std::string> modelType() const;
};

} // namespace tenon
