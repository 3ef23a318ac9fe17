#include "runtime/text/LongestMatcher.h"

#include <algorithm>

namespace tenon::text {

static unsigned char byteAt(std::string_view text, size_t at) { return static_cast<unsigned char>(text[at]); }

LongestMatcher::LongestMatcher(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end(), [](const Entry &a, const Entry &b) { return a.text < b.text; });
  for (const Entry &entry : entries_)
    ++first_[byteAt(entry.text, 0) + size_t(1)];
  for (size_t byte = 1; byte < first_.size(); ++byte)
    first_[byte] += first_[byte - 1];
}

const LongestMatcher::Entry *LongestMatcher::repeated() const {
  auto found = std::adjacent_find(entries_.begin(), entries_.end(),
                                  [](const Entry &a, const Entry &b) { return a.text == b.text; });
  return found == entries_.end() ? nullptr : &*found;
}

std::optional<LongestMatcher::Found> LongestMatcher::longestAt(std::string_view text, size_t at) const {
  size_t low = first_[byteAt(text, at)], high = first_[byteAt(text, at) + size_t(1)];
  std::optional<Found> best;
  // Invariant: [low, high) are the entries that begin with the `depth` bytes at `at`; the shortest of them comes first.
  for (size_t depth = 1; low < high; ++depth) {
    if (entries_[low].text.size() == depth) {
      best = Found{at, at + depth, entries_[low].id};
      ++low;
    }
    if (at + depth >= text.size())
      break;
    unsigned char byte = byteAt(text, at + depth);
    auto begin = entries_.begin() + static_cast<ptrdiff_t>(low), end = entries_.begin() + static_cast<ptrdiff_t>(high);
    auto lower = std::partition_point(begin, end, [&](const Entry &entry) { return byteAt(entry.text, depth) < byte; });
    auto upper =
        std::partition_point(lower, end, [&](const Entry &entry) { return byteAt(entry.text, depth) == byte; });
    low = static_cast<size_t>(lower - entries_.begin());
    high = static_cast<size_t>(upper - entries_.begin());
  }
  return best;
}

std::optional<LongestMatcher::Found> LongestMatcher::find(std::string_view text, size_t from) const {
  for (size_t at = from; at < text.size(); ++at) {
    unsigned char byte = byteAt(text, at);
    if (first_[byte] == first_[byte + size_t(1)])
      continue;
    if (std::optional<Found> found = longestAt(text, at))
      return found;
  }
  return std::nullopt;
}

} // namespace tenon::text
