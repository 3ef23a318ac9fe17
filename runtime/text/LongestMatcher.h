// Finds, from left to right, the longest of a set of texts that occurs at the leftmost possible place.
// Threads: immutable.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

class LongestMatcher {
public:
  struct Entry {
    std::string text; // not empty
    int32_t id;
  };
  struct Found {
    size_t begin;
    size_t end;
    int32_t id;
  };

  LongestMatcher() = default;
  explicit LongestMatcher(std::vector<Entry> entries);

  bool empty() const { return entries_.empty(); }
  // Two entries with the same text; a set with such a pair is ambiguous.
  const Entry *repeated() const;
  // The first match that begins at or after `from`. Time: the text's length times the longest entry's at worst.
  std::optional<Found> find(std::string_view text, size_t from) const;

private:
  std::optional<Found> longestAt(std::string_view text, size_t at) const;

  std::vector<Entry> entries_; // sorted by text
  // The entries that begin with a byte are [first_[byte], first_[byte + 1]).
  std::array<uint32_t, 257> first_ = {};
};

} // namespace tenon::text
