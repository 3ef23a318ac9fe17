// Everything a user can ask of a compilation, in one struct; the command line fills it, nothing else reads flags.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

struct CompileOptions {
  std::string model;                             // folder, GGUF file, random:CONFIG.json or zeros:CONFIG.json
  std::string output;                            // engine file
  std::vector<std::string> targets = {"native"}; // specs; only of equal ones (HostCheck.h) is the first preferred
  std::string quant = "auto";                    // a recipe of weight formats (passes/quant/FormatRecipe.h)
  std::string kv = "auto";                       // auto, bf16, f16, f32 or int8: keys and values
  std::string activations = "auto";              // auto, int8 or float (passes/quant/QuantizeActivations.cpp)

  // Shapes; empty or 0 means chosen from the config (ShapeChoice.h).
  std::optional<uint32_t> maxBatch;   // sequences at once
  std::optional<uint32_t> maxSeq;     // tokens of one sequence
  std::optional<uint32_t> pageTokens; // tokens of one KV page
  std::optional<uint64_t> kvTokens;   // tokens of all sequences together
  std::vector<uint32_t> stepTokens;   // row buckets of the body
  std::vector<uint32_t> logitRows;    // row buckets of the head

  bool externalWeights = false;
  unsigned jobs = 0;               // worker threads, 0: one per core; never changes the bytes
  uint64_t maxMemory = 1ull << 30; // packing buffers beyond the mapped input
  std::string depfile;             // Make rule naming every input, empty for none

  // The artifact cache (compiler/cache/Store.h).
  std::string cache;                // its folder, empty for none
  uint64_t cacheSize = 20ull << 30; // bound of all entries, in bytes on disk
  bool cacheReadOnly = false;
  bool requireHit = false; // NotCached where the engine is not in the cache; nothing is compiled

  // Its shared tier (compiler/cache/remote/Remote.h).
  std::string cacheRemote;              // URL, empty for none
  std::string cacheRemoteKey;           // file of the secret key that signs what is put there
  std::string cacheRemoteTrust;         // file of public keys: only what one of them has signed is taken
  uint64_t cacheRemoteTimeout = 10'000; // milliseconds: Patience.h

  // Not part of what is compiled.
  std::function<void(const std::string &)> note;                                        // one line for people
  std::function<void(const std::string &)> warn;                                        // the same, of some weight
  std::function<void(const std::string &what, uint64_t done, uint64_t total)> progress; // serialised
};

} // namespace tenon
