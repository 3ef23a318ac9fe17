// Opening an engine and keeping its sequences; steps are in Step.cpp.
#include "runtime/session/Engine.h"

#include "runtime/device/cpu/Cgroup.h"
#include "runtime/engine/HostCheck.h"
#include "runtime/engine/Verify.h"
#include "runtime/session/EngineState.h"

#include <algorithm>
#include <unistd.h>

namespace tenon {

static HostMemory hostMemory() {
  HostMemory memory;
  memory.total = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  memory.total = std::min(memory.total, cpu::readCgroupLimits().memoryLimit.value_or(memory.total));
  memory.available = cpu::availableMemory();
  if (memory.available == 0) // the system does not say
    memory.available = memory.total;
  return memory;
}

static EngineLimits limitsOf(const schema::Engine &engine) {
  const schema::ShapeKey &shape = *engine.shape();
  EngineLimits limits;
  limits.vocab = engine.model()->vocab();
  limits.maxSequences = shape.max_sequences();
  limits.maxContext = shape.max_context();
  limits.pageTokens = engine.kv()->page_tokens();
  limits.pages = engine.kv()->pages();
  limits.maxRows = shape.body_rows()->Get(shape.body_rows()->size() - 1);
  return limits;
}

Engine::State::State(EngineFile openedFile, uint32_t chosenVariant)
    : file(std::move(openedFile)), variantIndex(chosenVariant),
      variant(*file.metadata().ranks()->Get(0)->variants()->Get(chosenVariant)), limits(limitsOf(file.metadata())),
      body(variant, "body"), head(variant, "head"), pages(limits.pages), sequences(limits.maxSequences) {}

static Regions regionsOf(const EngineFile &file, const schema::Variant &variant, uint8_t *base) {
  Regions regions;
  for (uint32_t index : *file.metadata().ranks()->Get(0)->weight_segments()) {
    cpu::expectReads(file.segment(index));
    regions.weights.push_back(file.segment(index).data());
  }
  regions.kv = base;
  regions.io = regions.kv + variant.kv_bytes();
  regions.arena = regions.io + variant.io_bytes();
  return regions;
}

static StepBuffers stepBuffers(const schema::Variant &variant, const Regions &regions) {
  StepBuffers buffers{};
  for (const schema::IoBuffer *buffer : *variant.io()) {
    std::string_view name = buffer->name()->string_view();
    void *data = regions.resolve(*buffer->slice());
    if (name == "logits")
      buffers.logits = static_cast<float *>(data);
    else if (name == "tokens")
      buffers.tokens = static_cast<int32_t *>(data);
    else if (name == "positions")
      buffers.positions = static_cast<int32_t *>(data);
    else if (name == "slots")
      buffers.slots = static_cast<int32_t *>(data);
    else if (name == "rows")
      buffers.rows = static_cast<int32_t *>(data);
    else if (name == "segments") {
      buffers.segments = static_cast<int32_t *>(data);
      buffers.segmentCapacity = static_cast<uint32_t>(buffer->shape()->Get(0));
    } else if (name == "block_table") {
      buffers.blockTable = static_cast<int32_t *>(data);
      buffers.pagesPerSequence = static_cast<uint32_t>(buffer->shape()->Get(1));
    } // `hidden` passes from the body to the head, unseen by the runtime
  }
  return buffers;
}

// From a copy that is hashed itself: who writes to the mapped file after it was checked changes no instruction.
static Result<cpu::CodeModule> loadCode(const EngineFile &file, const schema::Variant &variant) {
  const std::span<const uint8_t> mapped = file.segment(variant.code());
  const std::vector<uint8_t> image(mapped.begin(), mapped.end());
  if (treeDigest(image) != segmentDigest(*file.metadata().segments()->Get(variant.code())))
    return Status(Code::Integrity, file.path() + ": the code of " + variant.target()->str() +
                                       " changed while it was read\n  replace engines by renaming, never in place");
  return cpu::CodeModule::load(image, variant.target()->str());
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(const std::string &path, const EngineOptions &options) {
  TENON_ASSIGN(EngineFile file, EngineFile::open(path, options.signers ? &*options.signers : nullptr));
  return start(std::move(file), options);
}

Result<std::unique_ptr<Engine>> Engine::open(std::span<const uint8_t> bytes, const EngineOptions &options) {
  if (options.signers)
    return Status(Code::Usage, "the engine in memory: expected no required signature, which is a file beside an engine "
                               "file\n  verify what the engine is part of");
  TENON_ASSIGN(EngineFile file, EngineFile::view(bytes));
  return start(std::move(file), options);
}

Result<std::unique_ptr<Engine>> Engine::start(EngineFile opened, const EngineOptions &options) {
  if (options.skipWeightDigests && (!options.signers || options.verifyWeights))
    return Status(Code::Usage, "the digests of the weights can only be left out where a signature is required, and not "
                               "where they are asked for");
  TENON_ASSIGN(uint32_t chosen, chooseVariant(opened, cpu::HostFeatures::get()));
  auto state = std::make_unique<State>(std::move(opened), chosen);
  EngineFile &file = state->file;
  const schema::Variant &variant = state->variant;
  if (uint32_t ranks = file.metadata().ranks()->size(); ranks != 1)
    return Status(Code::Unsupported, file.path() + ": compiled for " + std::to_string(ranks) +
                                         " ranks, this runtime runs 1\n  compile it with --tp 1");
  TENON_TRY(checkMemory(file, variant, hostMemory()));
  TENON_TRY(file.attachExternalWeights());

  TENON_ASSIGN(state->pool, cpu::ThreadPool::create({.workers = options.threads, .cpus = options.cpus, .pin = true}));
  if (options.verifyWeights || (options.signers && !options.skipWeightDigests))
    TENON_TRY(file.verifyWeights(state->pool->workers()));
  TENON_ASSIGN(cpu::CodeModule code, loadCode(file, variant));
  state->code = std::make_unique<cpu::CodeModule>(std::move(code));
  TENON_ASSIGN(state->memory, cpu::Memory::allocate(variant.kv_bytes() + variant.io_bytes() + variant.arena_bytes(),
                                                    "key-value cache and activations"));
  // Every layer has its own buffer of all pages: with huge pages the first token of a text would clear 2 MiB for each.
  cpu::expectSparseUse(state->memory.bytes().first(variant.kv_bytes()));
  Regions regions = regionsOf(file, variant, state->memory.data());
  state->io = stepBuffers(variant, regions);
  Result<Executor> executor = Executor::create(variant, *state->code, regions);
  if (!executor.isOk())
    return std::move(executor).status().within(file.path());
  state->executor = std::make_unique<Executor>(*std::move(executor));
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

const EngineFile &Engine::file() const { return state_->file; }
uint32_t Engine::variantIndex() const { return state_->variantIndex; }
const schema::Variant &Engine::variant() const { return state_->variant; }
EngineLimits Engine::limits() const { return state_->limits; }
unsigned Engine::threads() const { return state_->pool->workers(); }
double Engine::meanThreads() const { return state_->pool->meanTaking(); }
uint32_t Engine::freePages() const { return state_->pages.free(); }
void Engine::timeKernels(bool on) { state_->executor->timeKernels(on); }
std::span<const KernelTime> Engine::kernelTimes() const { return state_->executor->kernelTimes(); }

MemoryUse Engine::memory() const {
  const schema::Variant &variant = state_->variant;
  return {state_->file.metadata().ranks()->Get(0)->weight_bytes(), variant.kv_bytes(), variant.io_bytes(),
          variant.arena_bytes()};
}

bool Engine::State::alive(SequenceId id) const {
  return id.slot < sequences.size() && id.generation % 2 == 1 && sequences[id.slot].generation == id.generation;
}

void Engine::State::releasePages(Sequence &sequence, uint32_t slot, uint32_t keep) {
  int32_t *table = io.blockTable + size_t(slot) * io.pagesPerSequence;
  while (sequence.pages > keep)
    pages.give(table[--sequence.pages]);
}

static Status notAlive() { return Status(Code::Usage, "the sequence was freed or never made"); }

Result<SequenceId> Engine::createSequence() {
  for (uint32_t slot = 0; slot < state_->sequences.size(); ++slot) {
    Sequence &sequence = state_->sequences[slot];
    if (sequence.generation % 2 == 1)
      continue;
    ++sequence.generation;
    sequence.length = 0;
    return SequenceId{slot, sequence.generation};
  }
  return Status(Code::Constraint, "all " + std::to_string(state_->limits.maxSequences) +
                                      " sequences of the engine are in use\n  free one, or compile the engine with a "
                                      "larger --max-batch");
}

Status Engine::freeSequence(SequenceId id) {
  if (!state_->alive(id))
    return notAlive();
  Sequence &sequence = state_->sequences[id.slot];
  state_->releasePages(sequence, id.slot, 0);
  ++sequence.generation;
  return Status::ok();
}

Result<uint32_t> Engine::length(SequenceId id) const {
  if (!state_->alive(id))
    return notAlive();
  return state_->sequences[id.slot].length;
}

Status Engine::truncate(SequenceId id, uint32_t length) {
  if (!state_->alive(id))
    return notAlive();
  Sequence &sequence = state_->sequences[id.slot];
  if (length > sequence.length)
    return Status(Code::Usage, "expected a length of at most " + std::to_string(sequence.length) + ", found " +
                                   std::to_string(length));
  sequence.length = length;
  state_->releasePages(sequence, id.slot, pagesFor(length, state_->limits.pageTokens));
  return Status::ok();
}

} // namespace tenon
