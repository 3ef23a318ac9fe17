// The part of CompileCache that is about packed weights.
#include "compiler/cache/LinkRule.h"
#include "compiler/driver/CompileCache.h"

#include <cstring>

using namespace mlir;

namespace tenon {

static constexpr const char *kWeights = "tnw";

std::optional<emit::StoredWeights> CompileCache::give(cache::Entry entry) {
  const cache::Part *part = entry.manifest.find(kWeights);
  const io::MappedFile *file = entry.find(kWeights);
  // The first page is that of a weights file for this very digest; the digest itself the store has checked.
  if (!part || part->prefix != kSegmentAlignment || part->bytes < kSegmentAlignment)
    return std::nullopt;
  const std::vector<uint8_t> prefix = emit::weightsFilePrefix(part->bytes - kSegmentAlignment, part->digest);
  if (std::memcmp(file->bytes().data(), prefix.data(), prefix.size()) != 0)
    return std::nullopt;
  weights_ = std::move(entry);
  file = weights_->find(kWeights);
  return emit::StoredWeights{file, weights_->manifest.find(kWeights)->digest, cache::mayHardLink(file->descriptor())};
}

bool CompileCache::sourcesAreUnchanged(const ModelDirectory &directory) const {
  for (size_t i = 0; i < states_.size(); ++i)
    if (!cache::isUnchanged(states_[i], directory.checkpoint->files()[i].file, store_->options().threads))
      return false;
  return true;
}

Result<std::optional<emit::StoredWeights>> CompileCache::pack(const cache::Key &key, cache::Fields fields,
                                                              const cache::KeyLock &lock,
                                                              const ModelDirectory &directory,
                                                              const emit::EngineParts &parts,
                                                              const weights::PackOptions &options) {
  // What fails for want of room or rights fails here only: the engine may lie elsewhere.
  auto orGoOn = [&](Status status) -> Result<std::optional<emit::StoredWeights>> {
    if (status.code() != Code::Resource)
      return status;
    store_->warn(status.message());
    return std::optional<emit::StoredWeights>();
  };
  const uint64_t size = kSegmentAlignment + parts.weightBytes;
  auto file = store_->createPart(key, kWeights, parts.sparse ? 0 : size);
  if (!file.isOk())
    return orGoOn(std::move(file).status());
  if (parts.sparse)
    if (Status status = file->resize(size); !status.isOk())
      return orGoOn(std::move(status));
  auto digest = emit::packWeightsFile(*file, parts.weights, parts.weightBytes, options);
  if (!digest.isOk())
    return orGoOn(std::move(digest).status());
  if (!sourcesAreUnchanged(directory))
    return orGoOn(Status(Code::Resource, "the model's files changed while they were read; nothing is stored"));
  cache::NewPart part;
  part.name = kWeights;
  part.file = *std::move(file);
  part.size = size;
  part.prefix = kSegmentAlignment;
  part.prefixDigest = digestOf(emit::weightsFilePrefix(parts.weightBytes, *digest));
  part.digest = *digest;
  auto entry = store_->publish(lock, key, std::move(fields), {}, {&part, 1});
  if (!entry.isOk())
    return orGoOn(Status(Code::Resource, entry.status().message()));
  return give(*std::move(entry));
}

Result<std::optional<emit::StoredWeights>> CompileCache::weights(ModuleOp module, const ModelDirectory &directory,
                                                                 const emit::EngineParts &parts,
                                                                 const weights::PackOptions &options) {
  if (!store_)
    return std::optional<emit::StoredWeights>();
  TENON_ASSIGN(cache::Fields fields, weightFields(module, directory, sources_));
  const cache::Key key = cache::keyOf(cache::Kind::Weights, fields);
  std::optional<cache::KeyLock> lock;
  CacheOutcome outcome;
  auto entry = look(key, &fields, lock, outcome);
  if (auto stored = entry ? give(*std::move(entry)) : std::nullopt) {
    say("weights", outcome);
    return stored;
  }
  std::optional<emit::StoredWeights> stored;
  // Zeros take no room, whatever their number.
  if (lock && hasRoom("the segment of weights, and with it the engine,",
                      parts.sparse ? 0 : kSegmentAlignment + parts.weightBytes)) {
    TENON_ASSIGN(stored, pack(key, std::move(fields), *lock, directory, parts, options));
  }
  say("weights", stored ? noteStored(key, true) : CacheOutcome::Missed);
  return stored;
}

void CompileCache::noteTransfer(emit::Transfer transfer) {
  if (store_ && weights_ && transfer == emit::Transfer::Linked)
    store_->noteLink(*weights_);
}

} // namespace tenon
