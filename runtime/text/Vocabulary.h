// The two-way map between token texts and ids.
//
// Ids come from a file: insert() refuses repeats, and setIdBound() bounds them before anything is sized by them.
// Threads: const members may run concurrently once filling has ended. Views stay valid for the vocabulary's life.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

class Vocabulary {
public:
  enum class Inserted { Yes, TokenRepeats, IdRepeats };

  // Makes room for `tokens` tokens of `bytes` bytes together.
  void reserve(size_t tokens, size_t bytes);
  // `id` is at least 0 and below the bound that the caller has checked; memory grows with the largest id.
  [[nodiscard]] Inserted insert(std::string_view token, int32_t id);

  // The token's id, or -1.
  [[nodiscard]] int32_t find(std::string_view token) const;
  [[nodiscard]] std::optional<std::string_view> text(int32_t id) const;
  // One more than the largest id.
  [[nodiscard]] int32_t idLimit() const { return static_cast<int32_t>(entries_.size()); }
  [[nodiscard]] size_t size() const { return size_; }

private:
  struct Entry {
    uint64_t offset = 0;
    uint32_t length = absent;
  };
  struct Slot {
    uint32_t tag = 0; // the hash's upper bits: most misses end without reading a text
    int32_t id = -1;
  };
  static constexpr uint32_t absent = UINT32_MAX;

  std::string_view textOf(const Entry &entry) const { return {bytes_.data() + entry.offset, entry.length}; }
  size_t slotFor(std::string_view token, uint64_t hash) const;
  void grow(size_t slots);

  std::string bytes_;
  std::vector<Entry> entries_; // by id
  std::vector<Slot> slots_;    // open addressing, a power of two, at most half full
  size_t size_ = 0;
  uint64_t key_ = 0;
};

} // namespace tenon::text
