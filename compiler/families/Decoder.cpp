#include "compiler/families/Decoder.h"
#include "compiler/families/RopeAttribute.h"
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/qt/Qt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace tenon;

namespace {
struct Argument {
  StringLiteral name;
  RankedTensorType type;
};
} // namespace

// An entry with its arguments named; the builder goes to its start.
static func::FuncOp beginEntry(OpBuilder &builder, StringRef name, ArrayRef<Argument> arguments,
                               RankedTensorType result) {
  Location loc = NameLoc::get(builder.getStringAttr(name));
  auto types = llvm::map_to_vector(arguments, [](const Argument &argument) -> Type { return argument.type; });
  auto entry = func::FuncOp::create(builder, loc, name, builder.getFunctionType(types, Type(result)));
  entry->setAttr("model.entry", builder.getStringAttr(name));
  for (auto [index, argument] : llvm::enumerate(arguments))
    entry.setArgAttr(index, "model.name", builder.getStringAttr(argument.name));
  builder.setInsertionPointToStart(entry.addEntryBlock());
  return entry;
}

// Positions are numbered in i32 and pages by i32 ids; a rope table has a row per position.
static Status checkOptions(const BuildOptions &options) {
  auto check = [](const char *what, int64_t got, int64_t max) {
    if (got >= 1 && got <= max)
      return Status::ok();
    return Status(Code::Constraint,
                  std::string(what) + " is " + std::to_string(got) + ", expected 1 to " + std::to_string(max));
  };
  TENON_TRY(check("the context", options.maxContext, int64_t(1) << 24));
  TENON_TRY(check("the number of sequences", options.maxSequences, int64_t(1) << 16));
  TENON_TRY(check("the page size in tokens", options.pageTokens, int64_t(1) << 16));
  return options.pages ? check("the number of cache pages", options.pages, INT32_MAX) : Status::ok();
}

Result<OwningOpRef<ModuleOp>> tenon::buildDecoder(const Decoder &decoder, MLIRContext &context, TensorSource &tensors,
                                                  const BuildOptions &options) {
  TENON_TRY(checkOptions(options));
  context.loadDialect<model::ModelDialect, qt::QtDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(NameLoc::get(StringAttr::get(&context, "model")));
  OpBuilder builder(&context);
  auto atEnd = [&] { builder.setInsertionPointToEnd(module->getBody()); };
  const ModelSizes &sizes = decoder.sizes;

  atEnd();
  TENON_ASSIGN(WeightSymbols weights,
               WeightSymbols::declare(builder, decoder.weights, sizes, decoder.switches, tensors));
  TENON_TRY(tensors.finish(decoder.harmlessTensors));
  TENON_ASSIGN(model::RopeTableAttr rope, ropeTableAttribute(context, decoder.rope, sizes.headDim, options.maxContext));
  weights.add(builder, LayerBuilder::ropeTable, rope.getSourceType(), rope);

  // Layers own pages under common ids: one id addresses that page in every layer's cache.
  int64_t pagesPerSequence = llvm::divideCeil(options.maxContext, options.pageTokens);
  int64_t pages = options.pages ? options.pages : options.maxSequences * pagesPerSequence;
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  if (pages > INT32_MAX ||
      !tensorBytes(RankedTensorType::get({pages, options.pageTokens, sizes.kvHeads, sizes.headDim}, f32)))
    return Status(Code::Constraint, "the cache of one layer would be " + std::to_string(pages) + " pages of " +
                                        std::to_string(options.pageTokens) + " tokens with " +
                                        std::to_string(sizes.kvHeads * sizes.headDim) +
                                        " numbers each, expected less than 2^31 pages and 2^48 bytes; lower the "
                                        "context or the number of sequences");
  auto cacheType = model::CacheType::get(&context, pages, options.pageTokens, sizes.kvHeads, sizes.headDim, f32);
  for (int64_t layer = 0; layer < sizes.layers; ++layer)
    model::CacheOp::create(builder, module->getLoc(), LayerBuilder::cacheName(layer), cacheType);

  auto dynamic = ShapedType::kDynamic;
  auto perRow = RankedTensorType::get({dynamic}, i32);
  auto hidden = RankedTensorType::get({dynamic, sizes.hidden}, f32);
  func::FuncOp body =
      beginEntry(builder, "body",
                 {{"tokens", perRow},
                  {"positions", perRow},
                  {"slots", perRow},
                  {"segments", RankedTensorType::get({dynamic, 4}, i32)},
                  {"block_table", RankedTensorType::get({options.maxSequences, pagesPerSequence}, i32)}},
                 hidden);
  LayerBuilder bodyBuilder(builder, weights, sizes,
                           {body.getArgument(1), body.getArgument(2), body.getArgument(3), body.getArgument(4)});
  func::ReturnOp::create(builder, body.getLoc(), decoder.body(bodyBuilder, body.getArgument(0)));

  atEnd();
  func::FuncOp head = beginEntry(builder, "head", {{"hidden", hidden}, {"rows", perRow}},
                                 RankedTensorType::get({dynamic, sizes.vocab}, f32));
  LayerBuilder headBuilder(builder, weights, sizes);
  func::ReturnOp::create(builder, head.getLoc(), decoder.head(headBuilder, head.getArgument(0), head.getArgument(1)));

  if (failed(verify(*module)))
    return Status(Code::Internal, "the module built from the config does not verify; this is a bug in Tenon");
  return module;
}
