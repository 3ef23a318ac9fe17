#include "compiler/cache/ArrivingPart.h"

#include <algorithm>
#include <future>

namespace tenon::cache {
namespace {

constexpr uint64_t kMaxPrefix = 1 << 20; // kept in memory
constexpr uint64_t kGathered = kDigestGroup * kDigestChunkBytes;

bool isZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

} // namespace

// What the thread works on: one batch of bytes at a time.
struct ArrivingPart::State {
  State(io::OutputFile into, const Part &part, std::string name)
      : file(std::move(into)), promised(part), what(std::move(name)) {}

  Status take() {
    if (written < promised.prefix)
      prefix = batch;
    else
      rest.update(batch);
    const std::span<const uint8_t> bytes(batch);
    for (uint64_t at = 0; at < bytes.size(); at += kDigestChunkBytes) {
      const auto piece = bytes.subspan(at, std::min(kDigestChunkBytes, bytes.size() - at));
      if (!isZero(piece))
        TENON_TRY(file.write(written + at, piece));
    }
    written += batch.size();
    batch.clear();
    return Status::ok();
  }

  io::OutputFile file;
  const Part promised;
  const std::string what;
  std::vector<uint8_t> batch, prefix;
  uint64_t written = 0;
  TreeHasher rest;
  std::future<Status> work; // last: its end is waited for before the rest goes
};

ArrivingPart::ArrivingPart(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArrivingPart::ArrivingPart(ArrivingPart &&) noexcept = default;
ArrivingPart &ArrivingPart::operator=(ArrivingPart &&) noexcept = default;
ArrivingPart::~ArrivingPart() = default;

Result<ArrivingPart> ArrivingPart::create(Store &store, const Key &key, const Part &promised) {
  const std::string what = key.text() + ": " + promised.name;
  if (promised.prefix > kMaxPrefix || promised.prefix > promised.bytes)
    return Status(Code::InvalidFile, what + " has a prefix of " + std::to_string(promised.prefix) + " bytes, at most " +
                                         std::to_string(kMaxPrefix) + " expected");
  TENON_ASSIGN(io::OutputFile file, store.createPart(key, promised.name, 0));
  TENON_TRY(file.resize(promised.bytes));
  return ArrivingPart(std::make_unique<State>(std::move(file), promised, what));
}

Status ArrivingPart::write(std::span<const uint8_t> bytes) {
  const Part &promised = state_->promised;
  if (bytes.size() > promised.bytes - handedOver_ - gathered_.size())
    return Status(Code::Integrity, state_->what + " is longer than its " + std::to_string(promised.bytes) + " bytes");
  while (!bytes.empty()) {
    // The prefix by itself, then what is hashed together.
    const uint64_t room = handedOver_ < promised.prefix ? promised.prefix - handedOver_ : kGathered;
    const size_t taken = std::min<uint64_t>(bytes.size(), room - gathered_.size());
    gathered_.insert(gathered_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (gathered_.size() == room)
      TENON_TRY(handOver());
  }
  return Status::ok();
}

Status ArrivingPart::handOver() {
  if (state_->work.valid())
    TENON_TRY(state_->work.get());
  handedOver_ += gathered_.size();
  std::swap(gathered_, state_->batch);
  state_->work = std::async(std::launch::async, [state = state_.get()] { return state->take(); });
  return Status::ok();
}

Result<NewPart> ArrivingPart::finish() {
  const Part &promised = state_->promised;
  if (const uint64_t bytes = handedOver_ + gathered_.size(); bytes != promised.bytes)
    return Status(Code::Integrity, state_->what + " has " + std::to_string(bytes) + " bytes, expected " +
                                       std::to_string(promised.bytes));
  TENON_TRY(handOver());
  TENON_TRY(state_->work.get());
  if ((promised.prefix > 0 && digestOf(state_->prefix) != promised.prefixDigest) ||
      state_->rest.finish() != promised.digest)
    return Status(Code::Integrity, state_->what + " does not have its digest");
  NewPart made;
  made.name = promised.name;
  made.file = std::move(state_->file);
  made.size = promised.bytes;
  made.prefix = promised.prefix;
  made.prefixDigest = promised.prefixDigest;
  made.digest = promised.digest;
  return made;
}

} // namespace tenon::cache
