// Every rule of the semantic checks, broken once: the engine is refused, and the message names the place and the fault.
#include "runtime/engine/EngineFile.h"
#include "runtime/support/ToyEngine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

namespace tenon {
namespace {

using namespace schema;
using test::ToyEngine;

struct Fault {
  const char *name;
  void (*make)(ToyEngine &toy);
  const char *message; // part of it
};

void PrintTo(const Fault &fault, std::ostream *out) { *out << fault.name; }

class VerifyFaults : public testing::TestWithParam<Fault> {};

TEST_P(VerifyFaults, AreRefused) {
  ToyEngine toy;
  toy.layOut();
  GetParam().make(toy);
  test::TemporaryFolder folder;
  test::writeFile(folder.file("m.tenon"), toy.bytes());
  Result<EngineFile> file = EngineFile::open(folder.file("m.tenon"));
  ASSERT_FALSE(file.isOk());
  EXPECT_EQ(file.status().code(), Code::InvalidFile);
  EXPECT_THAT(file.status().message(), testing::HasSubstr(GetParam().message));
  EXPECT_THAT(file.status().message(), testing::HasSubstr("m.tenon: metadata: "));
  EXPECT_THAT(file.status().message(), testing::HasSubstr("compile the engine again"));
}

StepT &firstStep(ToyEngine &toy) { return *toy.program("body", 1).steps[0]; }
StepT &firstAttend(ToyEngine &toy) { return *toy.program("body", 1).steps[1]; }
StepT &copyStep(ToyEngine &toy) { return *toy.program("body", 1).steps[2]; }
Slice moved(const Slice &s, uint64_t offset) { return Slice(offset, s.bytes(), s.index(), s.region()); }
Slice resized(const Slice &s, uint64_t bytes) { return Slice(s.offset(), bytes, s.index(), s.region()); }

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max() - 63;

const Fault kFaults[] = {
    // Model
    {"NoVocab", [](ToyEngine &t) { t.metadata.model->vocab = 0; }, "model.vocab: expected a number from 1"},
    {"VocabAboveInt", [](ToyEngine &t) { t.metadata.model->vocab = 1u << 31; }, "model.vocab"},
    {"NoHidden", [](ToyEngine &t) { t.metadata.model->hidden = 0; }, "model.hidden"},
    {"NoHeads", [](ToyEngine &t) { t.metadata.model->heads = 0; }, "model.heads"},
    {"NoModelLayers", [](ToyEngine &t) { t.metadata.model->layers = 0; }, "model.layers"},
    {"StopTokenOutside", [](ToyEngine &t) { t.metadata.model->eos_ids = {1, 64}; }, "model.eos_ids[1]"},
    {"StopTokenNegative", [](ToyEngine &t) { t.metadata.model->bos_ids = {-1}; }, "model.bos_ids[0]"},
    {"TemperatureNaN", [](ToyEngine &t) { t.metadata.model->temperature = NAN; }, "model.temperature"},
    {"TopPAboveOne", [](ToyEngine &t) { t.metadata.model->top_p = 1.5f; }, "model.top_p"},
    {"TopKNegative", [](ToyEngine &t) { t.metadata.model->top_k = -1; }, "model.top_k"},
    // Keys
    {"KeyTwice", [](ToyEngine &t) { t.metadata.key_fields[1]->key = "model"; },
     "key_fields[1]: expected every key once"},
    {"KeysUnsorted", [](ToyEngine &t) { t.metadata.key_fields[1]->key = "a"; }, "expected a key after 'model'"},
    {"KeyEmpty", [](ToyEngine &t) { t.metadata.options[0]->key = ""; }, "options[0]: expected a name"},
    // Shape
    {"NoBuckets", [](ToyEngine &t) { t.metadata.shape->head_rows.clear(); }, "shape.head_rows"},
    {"BucketsFall", [](ToyEngine &t) { t.metadata.shape->body_rows = {1, 4, 2, 8}; }, "shape.body_rows: expected asc"},
    {"BucketTwice", [](ToyEngine &t) { t.metadata.shape->body_rows = {1, 2, 2, 8}; }, "shape.body_rows"},
    {"BucketZero", [](ToyEngine &t) { t.metadata.shape->body_rows = {0, 2, 4, 8}; }, "shape.body_rows"},
    {"BucketHuge", [](ToyEngine &t) { t.metadata.shape->body_rows[3] = 1u << 31; }, "shape.body_rows"},
    {"NoSequences", [](ToyEngine &t) { t.metadata.shape->max_sequences = 0; }, "shape.max_sequences"},
    {"ManySequences", [](ToyEngine &t) { t.metadata.shape->max_sequences = ~0u; }, "shape.max_sequences"},
    {"NoContext", [](ToyEngine &t) { t.metadata.shape->max_context = 0; }, "shape.max_context"},
    {"ContextAboveInt", [](ToyEngine &t) { t.metadata.shape->max_context = ~0u; }, "shape.max_context"},
    // KV
    {"PageOfNothing", [](ToyEngine &t) { t.metadata.kv->page_tokens = 0; }, "kv.page_tokens"},
    {"FewPages", [](ToyEngine &t) { t.metadata.kv->pages = 7; }, "kv.pages: expected a number from 8"},
    {"KvLayers", [](ToyEngine &t) { t.metadata.kv->layers = 0; }, "kv.layers"},
    {"KvHeads", [](ToyEngine &t) { t.metadata.kv->kv_heads = 0; }, "kv.kv_heads"},
    {"KvHeadDim", [](ToyEngine &t) { t.metadata.kv->head_dim = 0; }, "kv.head_dim"},
    {"KvDtype", [](ToyEngine &t) { t.metadata.kv->dtype = DType::I32; }, "kv.dtype"},
    {"KvScales", [](ToyEngine &t) { t.metadata.kv->dtype = DType::I8, t.metadata.kv->head_dim = 40; },
     "kv_bytes: expected at least 4224"},
    {"KvDtypeUnknown", [](ToyEngine &t) { t.metadata.kv->dtype = DType(77); }, "kv.dtype"},
    {"KvLarger", [](ToyEngine &t) { t.metadata.kv->layers = 9; }, "variants[0].kv_bytes: expected at least 13824"},
    {"KvOverflows",
     [](ToyEngine &t) {
       t.metadata.kv->layers = t.metadata.kv->kv_heads = t.metadata.kv->head_dim = 1 << 16;
       t.metadata.kv->pages = INT32_MAX;
     },
     "kv: expected a cache whose bytes fit 64 bits"},
    // Segments
    {"SegmentUnaligned", [](ToyEngine &t) { t.metadata.segments[1]->offset += 64; }, "segments[1].offset"},
    {"SegmentInMetadata", [](ToyEngine &t) { t.metadata.segments[1]->offset = 0; }, "segments[1].offset"},
    {"SegmentBeyond", [](ToyEngine &t) { t.metadata.segments[1]->offset += 1 << 30; }, "segments[1]: expected bytes"},
    {"SegmentOverflows", [](ToyEngine &t) { t.metadata.segments[2]->bytes = ~0ull; }, "segments[2]: expected bytes"},
    {"SegmentEmpty", [](ToyEngine &t) { t.metadata.segments[2]->bytes = 0; }, "segments[2].bytes"},
    {"SegmentsOverlap", [](ToyEngine &t) { t.metadata.segments[2]->offset = t.metadata.segments[1]->offset; },
     "expected an offset from"},
    {"SegmentKind", [](ToyEngine &t) { t.metadata.segments[2]->kind = SegmentKind(9); }, "segments[2].kind"},
    {"TwoTokenizers", [](ToyEngine &t) { t.metadata.segments[1]->kind = SegmentKind::Tokenizer; },
     "expected one Tokenizer segment"},
    {"DigestShort", [](ToyEngine &t) { t.metadata.segments[0]->digest.pop_back(); }, "segments[0].digest"},
    {"SegmentNameless", [](ToyEngine &t) { t.metadata.segments[0]->name = ""; }, "segments[0].name"},
    {"ExternalCode", [](ToyEngine &t) { t.metadata.segments[0]->external = "x.tnw"; }, "segments[0].external"},
    {"ExternalElsewhere", [](ToyEngine &t) { t.metadata.segments[1]->external = "../../etc/passwd"; },
     "found '../../etc/passwd'"},
    {"ExternalSize",
     [](ToyEngine &t) {
       t.writeExternal(testing::TempDir() + "/unused.tenon");
       t.metadata.segments[1]->bytes = kHuge;
       t.metadata.segments[1]->offset = 4096;
     },
     "segments[1].bytes"},
    // Rank and weights
    {"NoRanks", [](ToyEngine &t) { t.metadata.ranks.clear(); }, "ranks: expected a number from 1"},
    {"WeightSegmentOutside", [](ToyEngine &t) { t.rank().weight_segments = {3}; }, "ranks[0].weight_segments[0]"},
    {"WeightSegmentIsCode", [](ToyEngine &t) { t.rank().weight_segments = {0}; }, "expected a segment of weights"},
    {"WeightSegmentTwice", [](ToyEngine &t) { t.rank().weight_segments = {1, 1}; }, "weight_segments[1]"},
    {"WeightBytes", [](ToyEngine &t) { t.rank().weight_bytes += 1; }, "ranks[0].weight_bytes: expected 64"},
    {"WeightNameless", [](ToyEngine &t) { t.rank().weights[0]->name = ""; }, "ranks[0].weights[0].name"},
    {"WeightTwice", [](ToyEngine &t) { t.rank().weights.push_back(std::make_unique<WeightT>(*t.rank().weights[0])); },
     "expected every weight once, found 'shift' again"},
    {"WeightLayout", [](ToyEngine &t) { t.rank().weights[0]->layout = ""; }, "weights[0].layout"},
    {"WeightDtype", [](ToyEngine &t) { t.rank().weights[0]->dtype = DType(200); }, "weights[0].dtype"},
    {"WeightFormatNameless", [](ToyEngine &t) { t.rank().weights[0]->format = std::string(2000, 'q'); },
     "weights[0].format"},
    {"WeightNibblesShort",
     [](ToyEngine &t) {
       t.rank().weights[0]->dtype = DType::Q4;
       t.rank().weights[0]->shape = {2 * t.rank().weights[0]->slice->bytes() + 1};
     },
     "weights[0].slice.bytes"},
    {"WeightShapeless", [](ToyEngine &t) { t.rank().weights[0]->shape.clear(); }, "weights[0].shape"},
    {"WeightDimensionZero", [](ToyEngine &t) { t.rank().weights[0]->shape = {0}; }, "weights[0].shape"},
    {"WeightManyDimensions", [](ToyEngine &t) { t.rank().weights[0]->shape.assign(9, 1); }, "weights[0].shape"},
    {"WeightOverflows", [](ToyEngine &t) { t.rank().weights[0]->shape = {1ull << 40, 1ull << 40}; },
     "weights[0].shape"},
    {"WeightShort", [](ToyEngine &t) { t.rank().weights[0]->shape = {17}; },
     "weights[0].slice.bytes: expected at least 68"},
    {"WeightSliceless", [](ToyEngine &t) { t.rank().weights[0]->slice.reset(); }, "weights[0].slice"},
    {"WeightInArena", [](ToyEngine &t) { *t.rank().weights[0]->slice = Slice(0, 64, 0, Region::Arena); },
     "weights[0].slice.region"},
    {"WeightSegmentIndex", [](ToyEngine &t) { *t.rank().weights[0]->slice = Slice(0, 64, 1, Region::Weights); },
     "weights[0].slice.index"},
    {"WeightBeyond", [](ToyEngine &t) { *t.rank().weights[0]->slice = Slice(kHuge, 64, 0, Region::Weights); },
     "weights[0].slice: expected bytes within a segment of 64"},
    // Variant
    {"NoVariants", [](ToyEngine &t) { t.rank().variants.clear(); }, "ranks[0].variants"},
    {"TargetTwice", [](ToyEngine &t) { t.rank().variants.push_back(std::make_unique<VariantT>(t.variant())); },
     "variants[1].target"},
    {"CodeOutside", [](ToyEngine &t) { t.variant().code = 3; }, "variants[0].code"},
    {"CodeIsWeights", [](ToyEngine &t) { t.variant().code = 1; }, "expected a segment of code"},
    {"FeatureOdd", [](ToyEngine &t) { t.variant().features = "avx2,\n"; }, "variants[0].features"},
    {"FeaturesLong", [](ToyEngine &t) { t.variant().features.assign(20000, 'a'); }, "variants[0].features"},
    {"BalanceNaN", [](ToyEngine &t) { t.variant().flops_per_byte = NAN; }, "flops_per_byte"},
    {"BalanceZero", [](ToyEngine &t) { t.variant().flops_per_byte = 0; }, "flops_per_byte"},
    {"ArenaUnaligned", [](ToyEngine &t) { t.variant().arena_bytes += 64; }, "variants[0].arena_bytes"},
    {"ArenaHuge", [](ToyEngine &t) { t.variant().arena_bytes = 1ull << 63; }, "variants[0].arena_bytes"},
    {"IoUnaligned", [](ToyEngine &t) { t.variant().io_bytes += 1; }, "variants[0].io_bytes"},
    {"KvUnaligned", [](ToyEngine &t) { t.variant().kv_bytes += 1; }, "variants[0].kv_bytes"},
    // Step buffers
    {"IoMissing", [](ToyEngine &t) { t.variant().io.pop_back(); }, "expected a buffer 'logits', found none"},
    {"IoTwice", [](ToyEngine &t) { t.variant().io[1]->name = "tokens"; },
     "io[1].name: expected every step buffer once"},
    {"IoUnknown", [](ToyEngine &t) { t.variant().io[1]->name = "mask"; }, "found 'mask'"},
    {"IoDtype", [](ToyEngine &t) { t.variant().io[0]->dtype = DType::F32; }, "io[0].dtype: expected I32 for 'tokens'"},
    {"IoShape", [](ToyEngine &t) { t.variant().io[4]->shape = {3, 9}; },
     "io[4].shape: expected 3 x 8 for 'block_table'"},
    {"IoRank", [](ToyEngine &t) { t.variant().io[4]->shape = {24}; }, "io[4].shape"},
    {"IoSliceless", [](ToyEngine &t) { t.variant().io[0]->slice.reset(); }, "io[0].slice"},
    {"IoInArena", [](ToyEngine &t) { *t.variant().io[0]->slice = Slice(0, 32, 0, Region::Arena); },
     "io[0].slice: expected a slice of the io region"},
    {"IoBeyond", [](ToyEngine &t) { *t.variant().io[0]->slice = Slice(t.variant().io_bytes, 32, 0, Region::Io); },
     "io[0].slice"},
    {"IoShort", [](ToyEngine &t) { *t.variant().io[0]->slice = Slice(0, 28, 0, Region::Io); },
     "io[0].slice: expected 32"},
    {"IoOverlap",
     [](ToyEngine &t) {
       *t.variant().io[0]->slice = moved(*t.variant().io[0]->slice, t.variant().io[7]->slice->offset());
     },
     "expected buffers that do not overlap"},
    // Kernels
    {"SymbolTwice", [](ToyEngine &t) { t.variant().kernels[1]->symbol = t.variant().kernels[0]->symbol; },
     "kernels[1].symbol: expected every symbol once"},
    {"SymbolEmpty", [](ToyEngine &t) { t.variant().kernels[1]->symbol = ""; }, "kernels[1].symbol"},
    {"SymbolLong", [](ToyEngine &t) { t.variant().kernels[1]->symbol.assign(2000, 'x'); }, "kernels[1].symbol"},
    {"KernelTakesNothing", [](ToyEngine &t) { t.variant().kernels[0]->arg_count = 0; }, "kernels[0].arg_count"},
    {"KernelTakesMany", [](ToyEngine &t) { t.variant().kernels[0]->arg_count = 1000; }, "kernels[0].arg_count"},
    // Programs
    {"ProgramMissing", [](ToyEngine &t) { t.variant().programs.pop_back(); }, "expected 6 programs"},
    {"ProgramTwice", [](ToyEngine &t) { t.program("body", 2).rows = 1; }, "found another body of 1 rows"},
    {"ProgramRows", [](ToyEngine &t) { t.program("head", 2).rows = 8; }, "rows: expected a bucket"},
    {"ProgramEntry", [](ToyEngine &t) { t.program("head", 2).entry = "tail"; }, "found 'tail'"},
    {"ProgramEmpty", [](ToyEngine &t) { t.program("head", 2).steps.clear(); }, "steps: expected at least one step"},
    // Steps
    {"StepKernel", [](ToyEngine &t) { firstStep(t).kernel = 99; },
     "programs[0].steps[0].kernel: expected an entry below 10"},
    {"StepKind", [](ToyEngine &t) { firstStep(t).kind = StepKind(3); }, "steps[0].kind"},
    {"StepArgs", [](ToyEngine &t) { firstStep(t).args.pop_back(); }, "steps[0].args: expected 5 arguments, found 4"},
    {"StepCollective", [](ToyEngine &t) { firstStep(t).kind = StepKind::Collective; },
     "no collective in an engine of one"},
    {"CopyArgs", [](ToyEngine &t) { copyStep(t).args.pop_back(); }, "steps[2].args: expected 2"},
    {"CopyBytes", [](ToyEngine &t) { copyStep(t).args[0] = resized(copyStep(t).args[0], 4); }, "args[1].bytes"},
    {"CopyOverlap", [](ToyEngine &t) { copyStep(t).args[0] = copyStep(t).args[1]; }, "do not overlap"},
    {"CopyIntoWeights",
     [](ToyEngine &t) { copyStep(t).args = {Slice(0, 64, 0, Region::Weights), Slice(0, 64, 0, Region::Arena)}; },
     "args[0].region: expected a region that may be written"},
    // What kernels rely on: sizes, and indices from the buffers that the runtime fills
    {"KernelSaysNothing", [](ToyEngine &t) { t.variant().kernels[0]->args.clear(); },
     "kernels[0].args: expected 5 entries, one for each argument, found 0"},
    {"KernelSaysLess", [](ToyEngine &t) { t.variant().kernels[0]->args.pop_back(); }, "found 4"},
    {"ArgShort", [](ToyEngine &t) { firstStep(t).args[4] = resized(firstStep(t).args[4], 64); },
     "args[4].bytes: expected 768, as its kernel says, found 64"},
    {"ArgLarger", [](ToyEngine &t) { firstStep(t).args[0] = resized(firstStep(t).args[0], 8); }, "args[0].bytes"},
    {"ValuesInWeights", [](ToyEngine &t) { firstAttend(t).args[3] = Slice(0, 64, 0, Region::Weights); },
     "args[3]: expected a place for Values, as its kernel says"},
    {"TokensInArena", [](ToyEngine &t) { firstStep(t).args[0] = Slice(0, 4, 0, Region::Arena); },
     "args[0]: expected a place for Tokens"},
    {"TokensInPositions", [](ToyEngine &t) { firstStep(t).args[0] = firstStep(t).args[1]; },
     "args[0]: expected a place for Tokens"},
    {"TokensBetweenBuffers", [](ToyEngine &t) { firstStep(t).args[0] = moved(firstStep(t).args[0], 2048); },
     "args[0]: expected a place for Tokens"},
    {"ResultInTokens", [](ToyEngine &t) { firstAttend(t).args[3] = Slice(0, 64, 0, Region::Io); },
     "args[3]: expected a place for Values"},
    {"CopyIntoTokens", [](ToyEngine &t) { copyStep(t).args = {firstStep(t).args[0], Slice(0, 4, 0, Region::Arena)}; },
     "args[0]: expected of the step buffers only hidden and logits"},
    {"ArgUnaligned", [](ToyEngine &t) { firstStep(t).args[0] = moved(firstStep(t).args[0], 4); }, "args[0].offset"},
    {"ArgEmpty", [](ToyEngine &t) { firstStep(t).args[0] = resized(firstStep(t).args[0], 0); },
     "args[0]: expected bytes"},
    {"ArgBeyond", [](ToyEngine &t) { firstStep(t).args[4] = moved(firstStep(t).args[4], kHuge); }, "args[4]: expected"},
    {"ArgLong", [](ToyEngine &t) { firstStep(t).args[4] = resized(firstStep(t).args[4], ~0ull); }, "args[4]: expected"},
    {"ArgRegion", [](ToyEngine &t) { firstStep(t).args[0] = Slice(0, 4, 0, Region(4)); }, "args[0].region"},
    {"ArgIndex", [](ToyEngine &t) { firstStep(t).args[0] = Slice(0, 4, 1, Region::Io); },
     "args[0].index: expected an entry below 1 in this region, found 1"},
    {"ArgWeightsIndex", [](ToyEngine &t) { firstStep(t).args[0] = Slice(0, 4, 1, Region::Weights); },
     "args[0].index: expected an entry below 1"},
    {"ArgWeightsBeyond", [](ToyEngine &t) { firstStep(t).args[0] = Slice(64, 4, 0, Region::Weights); },
     "args[0]: expected bytes within a region of 64"},
};

INSTANTIATE_TEST_SUITE_P(Each, VerifyFaults, testing::ValuesIn(kFaults),
                         [](const testing::TestParamInfo<Fault> &info) { return std::string(info.param.name); });

} // namespace
} // namespace tenon
