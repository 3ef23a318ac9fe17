// A compilation's view of the artifact cache: which of its parts are there, and storing those that were made.
//
// A cache that is off, cannot be opened or fails in any other way is a cache without entries that stores nothing;
// options.warn hears of it once. One object for one compilation; one thread.
#pragma once

#include "codegen/Target.h"
#include "compiler/cache/Sources.h"
#include "compiler/cache/Store.h"
#include "compiler/cache/remote/Remote.h"
#include "compiler/driver/CacheKeys.h"
#include "compiler/driver/Compiler.h"
#include "compiler/emit/EngineWriter.h"

#include <optional>

namespace tenon {

// The shared tier that options ask for; null for none. Nothing is sent to it yet. Errors are Remote::open's; Usage
// where what arrives could not be put into the cache's own folder.
Result<std::unique_ptr<cache::Remote>> openRemote(const CompileOptions &options, unsigned threads);

class CompileCache {
public:
  CompileCache(const CompileOptions &options, unsigned threads);

  // Uses the shared tier, where options ask for one.
  Status openRemote();

  // The engine's key; from here on the other calls know the checkpoint. `fields` become those of the key, whether the
  // cache is on or not (SourceDigests are left out where it is off).
  cache::Fields begin(const ModelDirectory &directory, const ShapeChoice &shape,
                      const std::vector<kernel::TargetAttr> &targets);

  struct Engine {
    cache::Entry head;
    emit::StoredWeights stored;               // its file lives as long as the CompileCache
    const schema::Engine *metadata = nullptr; // within `head`; verified
    std::span<const uint8_t> bytes() const { return head.files[0].bytes(); }
  };
  std::unique_ptr<Engine> findEngine();
  // What NotCached says: the key, and how the nearest engine differs.
  std::string missText() const;
  void storeEngine(const std::vector<uint8_t> &head, const EnginePlan &plan);

  // The code of `module` for `target`, from the cache or by `generate`.
  using Generate = std::function<mlir::FailureOr<codegen::CodeImage>()>;
  mlir::FailureOr<codegen::CodeImage> code(mlir::ModuleOp module, kernel::TargetAttr target, const EnginePlan &plan,
                                           const Generate &generate);

  // The packed segment, from the cache or packed into it. Nothing where it must be packed into the engine instead.
  // Errors are packSegment's. `module` is the planned one whose weights `jobs` are.
  Result<std::optional<emit::StoredWeights>> weights(mlir::ModuleOp module, const ModelDirectory &directory,
                                                     const emit::EngineParts &parts,
                                                     const weights::PackOptions &options);

  // Gives the shared tier what it lacks of the parts that were used or made here; call it when the engine is written.
  void share();

  // Tells the cache that a hard link to the stored weights was given out.
  void noteTransfer(emit::Transfer transfer);

  std::vector<CachePart> takeReport() { return std::move(report_); }

private:
  // The entry from the folder, else from the remote. Where there is none, `lock` is the key's if it can be had.
  std::optional<cache::Entry> look(const cache::Key &key, const cache::Fields *fields,
                                   std::optional<cache::KeyLock> &lock, CacheOutcome &outcome);
  // Whether the store has room for what is about to be made; says why not.
  bool hasRoom(const std::string &what, uint64_t bytes) const;
  // The outcome of having made an entry.
  CacheOutcome noteStored(const cache::Key &key, bool isStored);
  void explainMiss() const;
  void say(std::string part, CacheOutcome outcome) { report_.push_back({std::move(part), outcome}); }
  std::optional<emit::StoredWeights> give(cache::Entry entry);
  Result<std::optional<emit::StoredWeights>> pack(const cache::Key &key, cache::Fields fields,
                                                  const cache::KeyLock &lock, const ModelDirectory &directory,
                                                  const emit::EngineParts &parts, const weights::PackOptions &options);
  bool sourcesAreUnchanged(const ModelDirectory &directory) const;

  const CompileOptions &options_;
  std::optional<cache::Store> store_;
  std::unique_ptr<cache::Remote> remote_;
  std::vector<cache::Key> toShare_;
  cache::Fields engineFields_;
  SourceDigests sources_;
  std::vector<cache::SourceState> states_; // of the same files
  std::optional<cache::Entry> weights_;    // that the engine is made of
  std::vector<CachePart> report_;
};

} // namespace tenon
