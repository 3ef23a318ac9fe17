// Tokens that are cut out of the text before the model sees it. `added_tokens` in tokenizer.json.
//
// Tokens with "normalized": false are looked for in the text as it comes, the others in the normalized text between
// them. Where several fit, the leftmost wins, and of those the longest. Threads: immutable once parsed.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"
#include "runtime/text/LongestMatcher.h"
#include "runtime/text/Normalizers.h"
#include "runtime/text/SplitText.h"
#include "runtime/text/Vocabulary.h"

#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace tenon::text {

inline constexpr size_t longestAddedToken = 4096; // bytes; bounds the time that matching takes

class AddedTokens {
public:
  // Adds the tokens of the array `node` to `vocabulary`, which holds the model's. `normalizer` may be null.
  // Errors: InvalidFile for tokens or ids that contradict the vocabulary or each other.
  Status parse(const JsonValue &node, const Normalizer *normalizer, Vocabulary &vocabulary);

  // Cuts the tokens out of `text` and normalizes what is left. With `parseSpecial` false the special ones stay text.
  Status extract(SplitText &text, const Normalizer *normalizer, bool parseSpecial) const;

  // Whether the id is an added token that is marked special.
  bool isSpecial(int32_t id) const;
  bool empty() const { return tokens_.empty(); }

private:
  struct Token {
    bool singleWord = false;
    bool stripLeft = false;
    bool stripRight = false;
    bool normalized = false;
    bool special = false;
    bool operator==(const Token &) const = default;
  };

  void cut(std::string_view text, const LongestMatcher &matcher, bool parseSpecial, std::vector<Cut> &out) const;

  std::unordered_map<int32_t, Token> tokens_;
  LongestMatcher plain_;      // those that are looked for in the text as it comes
  LongestMatcher normalized_; // by their normalized texts
};

} // namespace tenon::text
