#include "compiler/import/GgufMerges.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace tenon {
namespace {

bool startsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

struct Merge {
  size_t token, left, right; // ids
  float score;
  size_t leftLength, rightLength; // characters
};

bool comesFirst(const Merge &a, const Merge &b) {
  if (a.score != b.score)
    return a.score > b.score;
  if (a.leftLength != b.leftLength)
    return a.leftLength > b.leftLength;
  if (a.rightLength != b.rightLength)
    return a.rightLength > b.rightLength;
  return std::tie(a.token, a.left, a.right) < std::tie(b.token, b.left, b.right);
}

} // namespace

std::vector<std::pair<size_t, size_t>> mergesByScore(std::span<const ScoredToken> tokens) {
  std::unordered_map<std::string_view, size_t> known;
  for (size_t id = 0; id < tokens.size(); ++id)
    if (tokens[id].merges)
      known.emplace(tokens[id].text, id);
  std::vector<Merge> merges;
  for (size_t id = 0; id < tokens.size(); ++id) {
    const std::string_view text = tokens[id].text;
    if (!tokens[id].merges || text.size() > kMaxScoredToken)
      continue;
    const auto characters = static_cast<size_t>(std::count_if(text.begin(), text.end(), startsCharacter));
    for (size_t cut = 1, before = 1; cut < text.size(); ++cut) {
      if (!startsCharacter(text[cut]))
        continue;
      const auto left = known.find(text.substr(0, cut)), right = known.find(text.substr(cut));
      if (left != known.end() && right != known.end())
        merges.push_back({id, left->second, right->second, tokens[id].score, before, characters - before});
      ++before;
    }
  }
  std::sort(merges.begin(), merges.end(), comesFirst);
  std::vector<std::pair<size_t, size_t>> out;
  for (const Merge &merge : merges)
    out.emplace_back(merge.left, merge.right);
  return out;
}

} // namespace tenon
