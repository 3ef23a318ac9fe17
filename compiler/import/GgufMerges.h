// The merges of a SentencePiece BPE model, which stores scores instead.
//
// SentencePiece merges, among all neighbours whose joined text is a token, the pair whose token has the highest score.
// The same follows from a list of merges in order of that score: every way of cutting a token into two tokens is one
// merge. Order within equal scores as in transformers' conversion (longer left parts first).
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

struct ScoredToken {
  std::string_view text; // valid UTF-8
  float score;
  bool merges; // whether text may become it: not for control tokens and the like
};

// Indices of left and right, the first merge first. Tokens of more than kMaxScoredToken bytes are nobody's result.
inline constexpr size_t kMaxScoredToken = 1024;
std::vector<std::pair<size_t, size_t>> mergesByScore(std::span<const ScoredToken> tokens);

} // namespace tenon
