#include "compiler/cache/ArrivingPart.h"

#include <algorithm>

namespace tenon::cache {
namespace {

constexpr uint64_t kMaxPrefix = 1 << 20; // kept in memory
constexpr uint64_t kGathered = kDigestGroup * kDigestChunkBytes;

bool isZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

} // namespace

ArrivingPart::ArrivingPart(io::OutputFile file, const Part &promised, std::string what)
    : file_(std::move(file)), promised_(promised), what_(std::move(what)) {
  pending_.reserve(std::min(promised.bytes, kGathered));
}

Result<ArrivingPart> ArrivingPart::create(Store &store, const Key &key, const Part &promised) {
  const std::string what = key.text() + ": " + promised.name;
  if (promised.prefix > kMaxPrefix || promised.prefix > promised.bytes)
    return Status(Code::InvalidFile, what + " has a prefix of " + std::to_string(promised.prefix) + " bytes, at most " +
                                         std::to_string(kMaxPrefix) + " expected");
  TENON_ASSIGN(io::OutputFile file, store.createPart(key, promised.name, 0));
  TENON_TRY(file.resize(promised.bytes));
  return ArrivingPart(std::move(file), promised, what);
}

Status ArrivingPart::write(std::span<const uint8_t> bytes) {
  if (bytes.size() > promised_.bytes - written_ - pending_.size())
    return Status(Code::Integrity, what_ + " is longer than its " + std::to_string(promised_.bytes) + " bytes");
  while (!bytes.empty()) {
    // The prefix by itself, then what is hashed together.
    const uint64_t room = written_ < promised_.prefix ? promised_.prefix - written_ : kGathered;
    const size_t taken = std::min<uint64_t>(bytes.size(), room - pending_.size());
    pending_.insert(pending_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (pending_.size() == room)
      TENON_TRY(flush());
  }
  return Status::ok();
}

Status ArrivingPart::flush() {
  if (written_ < promised_.prefix)
    prefix_ = pending_;
  else
    rest_.update(pending_);
  const std::span<const uint8_t> bytes(pending_);
  for (uint64_t at = 0; at < bytes.size(); at += kDigestChunkBytes) {
    const auto piece = bytes.subspan(at, std::min(kDigestChunkBytes, bytes.size() - at));
    if (!isZero(piece))
      TENON_TRY(file_.write(written_ + at, piece));
  }
  written_ += pending_.size();
  pending_.clear();
  return Status::ok();
}

Result<NewPart> ArrivingPart::finish() {
  if (written_ + pending_.size() != promised_.bytes)
    return Status(Code::Integrity, what_ + " has " + std::to_string(written_ + pending_.size()) + " bytes, expected " +
                                       std::to_string(promised_.bytes));
  TENON_TRY(flush());
  if ((promised_.prefix > 0 && digestOf(prefix_) != promised_.prefixDigest) || rest_.finish() != promised_.digest)
    return Status(Code::Integrity, what_ + " does not have its digest");
  NewPart made;
  made.name = promised_.name;
  made.file = std::move(file_);
  made.size = promised_.bytes;
  made.prefix = promised_.prefix;
  made.prefixDigest = promised_.prefixDigest;
  made.digest = promised_.digest;
  return made;
}

} // namespace tenon::cache
