// How a GGUF file with a byte-level vocabulary cuts text into words: the file only names the rule ("llama-bpe"), so the
// rules are a table here, as in every reader of the format.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tenon {

struct GgufPreTokenizer {
  std::string normalizer;    // JSON, as in tokenizer.json
  std::string preTokenizer;  // JSON
  bool ignoreMerges = false; // a word that is a token is that token, whatever the merges say
  bool addBos = false;       // unless tokenizer.ggml.add_bos_token says otherwise
};

// nullopt for a name that is not known.
std::optional<GgufPreTokenizer> ggufPreTokenizer(std::string_view name);
// "llama-bpe, llama3, ..." for messages.
std::string ggufPreTokenizerNames();

} // namespace tenon
