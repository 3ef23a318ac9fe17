#include "compiler/driver/CompileCache.h"

#include "compiler/cache/Nearest.h"
#include "runtime/base/Checked.h"
#include "runtime/engine/Verify.h"

#include <algorithm>
#include <cstring>

using namespace mlir;

namespace tenon {
namespace {

constexpr const char *kHead = "head", *kObject = "object";

// For people who read a manifest: nothing of it is in the key.
cache::Fields notesOf(const EnginePlan &plan) {
  return {{"model.family", plan.family},    {"model.parameters", std::to_string(plan.parameters)},
          {"format.weights", plan.weights}, {"format.activations", plan.activations},
          {"format.kv", plan.kv},           {"shape", plan.shape.describe()}};
}

// The metadata of an engine's head, whose digest was found right; null where the runtime would refuse it.
const schema::Engine *metadataOf(std::span<const uint8_t> head) {
  EngineHeader header;
  if (head.size() < sizeof header)
    return nullptr;
  std::memcpy(&header, head.data(), sizeof header);
  if (!rangeWithin(sizeof header, header.metadataBytes, head.size()))
    return nullptr;
  const schema::Engine *engine = findEngine(head.subspan(sizeof header, header.metadataBytes));
  return engine && verifyEngine(*engine, header.metadataBytes, header.fileBytes).isOk() ? engine : nullptr;
}

// Whether the packed segment is the one that the engine was made with.
bool isMadeWith(const schema::Engine &engine, const Digest &segment) {
  for (const schema::Segment *candidate : *engine.segments())
    if (candidate->kind() == schema::SegmentKind::Weights)
      return std::equal(segment.begin(), segment.end(), candidate->digest()->begin(), candidate->digest()->end());
  return false;
}

} // namespace

CompileCache::CompileCache(const CompileOptions &options, unsigned threads) : options_(options) {
  if (options.cache.empty())
    return;
  cache::StoreOptions store;
  store.folder = options.cache;
  store.sizeBound = options.cacheSize;
  store.readOnly = options.cacheReadOnly;
  store.threads = threads;
  store.warn = options.warn;
  auto opened = cache::Store::open(std::move(store));
  if (opened.isOk())
    store_ = *std::move(opened);
  else if (options.warn)
    options.warn("no cache: " + opened.status().message());
}

Result<std::unique_ptr<cache::Remote>> openRemote(const CompileOptions &options, unsigned threads) {
  if (options.cacheRemote.empty())
    return std::unique_ptr<cache::Remote>();
  if (options.cache.empty() || options.cacheReadOnly)
    return Status(Code::Usage, "--cache-remote: what arrives is kept in the cache's own folder, which is " +
                                   std::string(options.cache.empty() ? "off" : "only read") +
                                   "; give --cache DIR without --cache-readonly");
  cache::RemoteOptions remote;
  remote.url = options.cacheRemote;
  remote.signingKey = options.cacheRemoteKey;
  remote.trustedKeys = options.cacheRemoteTrust;
  remote.timeout = std::chrono::milliseconds(options.cacheRemoteTimeout);
  remote.threads = threads;
  return cache::Remote::open(remote);
}

Status CompileCache::openRemote() {
  TENON_ASSIGN(remote_, tenon::openRemote(options_, store_ ? store_->options().threads : 1));
  return Status::ok();
}

std::optional<cache::Entry> CompileCache::look(const cache::Key &key, const cache::Fields *fields,
                                               std::optional<cache::KeyLock> &lock, CacheOutcome &outcome) {
  outcome = CacheOutcome::Hit;
  auto find = [&] { return fields ? store_->find(key, *fields) : store_->find(key); };
  auto entry = find();
  if (!entry && (lock = store_->lock(key)))
    entry = find(); // somebody else made it meanwhile
  if (entry)
    toShare_.push_back(key);
  if (!entry && lock && remote_) {
    entry = remote_->fetch(*store_, *lock, key, fields);
    outcome = CacheOutcome::RemoteHit;
  }
  if (entry)
    lock.reset();
  return entry;
}

void CompileCache::share() {
  if (!store_ || !remote_)
    return;
  const cache::Shared shared = remote_->share(*store_, toShare_);
  if (!options_.note)
    return;
  const std::string url = cache::maskUrl(options_.cacheRemote);
  if (shared.entries > 0)
    options_.note("cache: " + std::to_string(shared.entries) + " entries were put to " + url);
  if (remote_->isReadOnly())
    options_.note("cache: " + url + " takes nothing from here; it is only read");
}

cache::Fields CompileCache::begin(const ModelDirectory &directory, const ShapeChoice &shape,
                                  const std::vector<kernel::TargetAttr> &targets) {
  if (store_ && directory.checkpoint)
    for (const CheckpointFile &file : directory.checkpoint->files()) {
      auto state = cache::readSource(&*store_, file.file, store_->options().threads);
      if (!state.isOk()) {
        store_->warn(state.status().message());
        store_.reset(); // without the files' digests there are no keys
        sources_.clear();
        break;
      }
      sources_.push_back(state->digest);
      states_.push_back(*std::move(state));
    }
  engineFields_ = engineFields(options_, directory, shape, targets, sources_);
  return engineFields_;
}

std::unique_ptr<CompileCache::Engine> CompileCache::findEngine() {
  if (!store_)
    return nullptr;
  const auto reachable = [this](const cache::Key &key, const cache::Fields *fields, CacheOutcome &outcome) {
    std::optional<cache::KeyLock> lock;
    outcome = CacheOutcome::Hit;
    return remote_ ? look(key, fields, lock, outcome) : fields ? store_->find(key, *fields) : store_->find(key);
  };
  CacheOutcome outcome, ofWeights;
  auto head = reachable(cache::keyOf(cache::Kind::Engine, engineFields_), &engineFields_, outcome);
  if (!head && !options_.requireHit)
    explainMiss();
  if (!head || head->files.size() != 1 || head->manifest.parts[0].name != kHead)
    return nullptr;
  const auto needed = cache::weightsOf(head->manifest);
  auto entry = needed ? reachable(*needed, nullptr, ofWeights) : std::nullopt;
  auto stored = entry ? give(*std::move(entry)) : std::nullopt;
  if (!stored) { // the engine is made again, of the code that is there
    if (options_.note)
      options_.note("cache: the engine is there, but its weights are not");
    if (!options_.requireHit)
      store_->remove(head->manifest.key); // or it would count until it is made again
    return nullptr;
  }
  const schema::Engine *metadata = metadataOf(head->files[0].bytes());
  if (!metadata || !isMadeWith(*metadata, stored->digest)) {
    store_->warn("the entry " + head->manifest.key.text() + " does not fit its weights and counts as missing");
    return nullptr;
  }
  auto engine = std::make_unique<Engine>(Engine{*std::move(head), *stored, metadata});
  say("engine", outcome);
  if (ofWeights == CacheOutcome::RemoteHit)
    say("weights", ofWeights);
  return engine;
}

// Why the engine is made, where one like it is there.
void CompileCache::explainMiss() const {
  const auto nearest = cache::findNearest(*store_, cache::Kind::Engine, engineFields_);
  if (nearest && !nearest->differences.empty() && options_.note)
    options_.note("cache: the nearest engine differs in " + cache::differencesText(nearest->differences, 3));
}

std::string CompileCache::missText() const {
  if (!store_)
    return "the cache cannot be used";
  const std::string text =
      "no entry " + cache::keyOf(cache::Kind::Engine, engineFields_).text() + " in " + store_->root();
  const auto nearest = cache::findNearest(*store_, cache::Kind::Engine, engineFields_);
  if (!nearest)
    return text + ", nor any other engine";
  if (nearest->differences.empty())
    return text + " that is whole, with its weights";
  return text + "\nthe nearest engine differs in " + cache::differencesText(nearest->differences, 6);
}

void CompileCache::storeEngine(const std::vector<uint8_t> &head, const EnginePlan &plan) {
  // Without its weights an engine could not be made from the entry.
  if (!store_ || store_->isReadOnly() || !weights_)
    return store_ ? say("engine", CacheOutcome::Missed) : void();
  const cache::Key key = cache::keyOf(cache::Kind::Engine, engineFields_);
  auto lock = store_->lock(key);
  if (!lock || !hasRoom("the engine", head.size()))
    return say("engine", CacheOutcome::Missed);
  cache::Fields notes = notesOf(plan);
  notes[std::string(cache::kWeightsNote)] = weights_->manifest.key.hex;
  cache::NewPart part{.name = kHead, .bytes = head};
  auto stored = store_->publish(*lock, key, engineFields_, std::move(notes), {&part, 1});
  if (!stored.isOk())
    store_->warn(stored.status().message());
  say("engine", noteStored(key, stored.isOk()));
}

FailureOr<codegen::CodeImage> CompileCache::code(ModuleOp module, kernel::TargetAttr target, const EnginePlan &plan,
                                                 const Generate &generate) {
  if (!store_)
    return generate();
  const std::string part = "code " + target.getSpec().str();
  const cache::Fields fields = codeFields(module, target);
  const cache::Key key = cache::keyOf(cache::Kind::Code, fields);
  std::optional<cache::KeyLock> lock;
  CacheOutcome outcome;
  const auto entry = look(key, &fields, lock, outcome);
  if (const io::MappedFile *object = entry ? entry->find(kObject) : nullptr) {
    say(part, outcome);
    const auto *bytes = reinterpret_cast<const char *>(object->bytes().data());
    return codegen::CodeImage(bytes, bytes + object->size());
  }
  FailureOr<codegen::CodeImage> code = generate();
  if (failed(code))
    return code;
  outcome = CacheOutcome::Missed;
  if (lock && hasRoom(part, code->size())) {
    cache::NewPart object{.name = kObject, .bytes = {reinterpret_cast<const uint8_t *>(code->data()), code->size()}};
    auto stored = store_->publish(*lock, key, fields, notesOf(plan), {&object, 1});
    if (!stored.isOk())
      store_->warn(stored.status().message());
    outcome = noteStored(key, stored.isOk());
  }
  say(part, outcome);
  return code;
}

bool CompileCache::hasRoom(const std::string &what, uint64_t bytes) const {
  if (store_->accepts(bytes))
    return true;
  store_->warn(what + " is not kept: " + store_->refusal(bytes));
  return false;
}

CacheOutcome CompileCache::noteStored(const cache::Key &key, bool isStored) {
  if (!isStored)
    return CacheOutcome::Missed;
  toShare_.push_back(key);
  return CacheOutcome::Stored;
}

} // namespace tenon
