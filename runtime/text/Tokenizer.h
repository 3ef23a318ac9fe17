// Text to tokens and back, as a tokenizer.json describes it. The result is that of Hugging Face's tokenizers library,
// id for id and byte for byte; docs/tokenizers.md lists the kinds that are supported and the few known differences.
//
// Threads: a Tokenizer is immutable; any number of threads may use one at a time. Nothing here keeps the JSON.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

class StreamDecoder;

class Tokenizer {
public:
  // Whether the texts of special tokens ("<|eot_id|>") inside a text stand for the tokens. Text from strangers should
  // not.
  enum class SpecialText { IsToken, IsText };

  // `tokenizerJson` is tokenizer.json's content, `tokenizerConfigJson` that of tokenizer_config.json or empty.
  // Errors: Unsupported names a kind that Tenon does not know and where it stands; InvalidFile says what is broken.
  static Result<std::unique_ptr<Tokenizer>> parse(std::string_view tokenizerJson, std::string_view tokenizerConfigJson);
  ~Tokenizer();
  Tokenizer(const Tokenizer &) = delete;
  Tokenizer &operator=(const Tokenizer &) = delete;

  // The tokens of `utf8`; with `addSpecial` those that the post-processor adds (BOS and the like) as well.
  // Errors: Usage for text that is not UTF-8 or of 2 GiB or more, Resource when a pattern exceeds its limits.
  Result<std::vector<int32_t>> encode(std::string_view utf8, bool addSpecial,
                                      SpecialText specialText = SpecialText::IsToken) const;
  // The text of `ids`: always valid UTF-8, with U+FFFD for bytes that are not. Ids that are no tokens have no text.
  // Special tokens are left out unless `showSpecial`.
  std::string decode(std::span<const int32_t> ids, bool showSpecial) const;

  // One more than the largest id.
  int32_t vocabSize() const;
  // The id of a token by its text as the file writes it.
  std::optional<int32_t> idOf(std::string_view token) const;
  // A token's text as the file writes it; the view lives as long as the tokenizer. Nothing for ids that are no tokens.
  std::optional<std::string_view> tokenText(int32_t id) const;
  // Whether the token is marked special: decoding leaves it out unless asked.
  bool isSpecial(int32_t id) const;

  // What tokenizer_config.json names; nothing when it is silent.
  std::optional<int32_t> bosId() const;
  std::optional<int32_t> eosId() const;

private:
  friend class StreamDecoder;
  struct Parts;
  explicit Tokenizer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

} // namespace tenon::text
