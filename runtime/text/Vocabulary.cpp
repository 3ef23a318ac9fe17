#include "runtime/text/Vocabulary.h"

#include "runtime/text/Hash.h"

#include <bit>
#include <cassert>

namespace tenon::text {

void Vocabulary::reserve(size_t tokens, size_t bytes) {
  bytes_.reserve(bytes);
  entries_.reserve(tokens);
  grow(std::bit_ceil(tokens * 2 + 16));
}

size_t Vocabulary::slotFor(std::string_view token, uint64_t hash) const {
  size_t mask = slots_.size() - 1;
  auto tag = static_cast<uint32_t>(hash >> 32);
  size_t slot = hash & mask;
  while (slots_[slot].id >= 0) {
    if (slots_[slot].tag == tag && textOf(entries_[static_cast<size_t>(slots_[slot].id)]) == token)
      return slot;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void Vocabulary::grow(size_t slots) {
  if (slots <= slots_.size())
    return;
  key_ = hashKey();
  slots_.assign(slots, Slot());
  for (size_t id = 0; id < entries_.size(); ++id) {
    if (entries_[id].length == absent)
      continue;
    uint64_t hash = hashOf(textOf(entries_[id]), key_);
    slots_[slotFor(textOf(entries_[id]), hash)] = {static_cast<uint32_t>(hash >> 32), static_cast<int32_t>(id)};
  }
}

Vocabulary::Inserted Vocabulary::insert(std::string_view token, int32_t id) {
  assert(id >= 0 && token.size() < absent);
  if ((size_ + 1) * 2 > slots_.size())
    grow(std::bit_ceil((size_ + 1) * 4 + 16));
  uint64_t hash = hashOf(token, key_);
  size_t slot = slotFor(token, hash);
  if (slots_[slot].id >= 0)
    return Inserted::TokenRepeats;
  auto index = static_cast<size_t>(id);
  if (index >= entries_.size())
    entries_.resize(index + 1);
  else if (entries_[index].length != absent)
    return Inserted::IdRepeats;
  entries_[index] = {bytes_.size(), static_cast<uint32_t>(token.size())};
  bytes_ += token;
  slots_[slot] = {static_cast<uint32_t>(hash >> 32), id};
  ++size_;
  return Inserted::Yes;
}

int32_t Vocabulary::find(std::string_view token) const {
  if (slots_.empty())
    return -1;
  return slots_[slotFor(token, hashOf(token, key_))].id;
}

std::optional<std::string_view> Vocabulary::text(int32_t id) const {
  if (id < 0 || id >= idLimit() || entries_[static_cast<size_t>(id)].length == absent)
    return std::nullopt;
  return textOf(entries_[static_cast<size_t>(id)]);
}

} // namespace tenon::text
