#include "compiler/interpret/Interpreter.h"
#include "dialects/model/Evaluate.h"
#include "dialects/model/Model.h"

using namespace mlir;
using namespace tenon;
using ref::Tensor;

static ref::Value integers(std::initializer_list<int64_t> shape, std::vector<int32_t> values) {
  auto tensor = std::make_shared<Tensor>();
  tensor->shape.assign(shape);
  tensor->i32 = std::move(values);
  return {std::move(tensor), nullptr};
}

static RankedTensorType argument(func::FuncOp function, unsigned index) {
  return dyn_cast<RankedTensorType>(function.getArgumentTypes()[index]);
}

// Collects the context's errors while it lives: what an evaluation had to say.
namespace {
class Diagnostics {
public:
  explicit Diagnostics(MLIRContext *context)
      : handler_(context, [this](Diagnostic &diagnostic) {
          text_ += (text_.empty() ? "" : "\n") + diagnostic.str();
          return success();
        }) {}
  const std::string &text() const { return text_; }

private:
  std::string text_;
  ScopedDiagnosticHandler handler_;
};
} // namespace

// The shapes that feeding relies on: lists of rows, four numbers for a segment, a block table of a known size.
static bool isEntry(func::FuncOp function, bool isBody) {
  auto ranks = [&](TypeRange types, ArrayRef<int64_t> expected) {
    return types.size() == expected.size() && llvm::all_of(llvm::zip_equal(types, expected), [](auto pair) {
             auto type = dyn_cast<RankedTensorType>(std::get<0>(pair));
             return type && type.getRank() == std::get<1>(pair);
           });
  };
  if (!ranks(function.getResultTypes(), {2}) || cast<RankedTensorType>(function.getResultTypes()[0]).isDynamicDim(1))
    return false;
  if (!isBody)
    return ranks(function.getArgumentTypes(), {2, 1});
  return ranks(function.getArgumentTypes(), {1, 1, 1, 2, 2}) && argument(function, 4).hasStaticShape() &&
         argument(function, 4).getNumElements() > 0;
}

Status Interpreter::addProgram(func::FuncOp function) {
  auto entry = function->getAttrOfType<StringAttr>("model.entry");
  if (!entry)
    return Status::ok();
  bool isBody = entry.getValue() == "body";
  if ((!isBody && entry.getValue() != "head") || !isEntry(function, isBody))
    return Status(Code::Usage, function.getName().str() +
                                   ": expected an entry \"body\" (tokens, positions, slots, segments, "
                                   "block_table) or \"head\" (hidden, rows) with one result");
  if (isBody) {
    slots_ = argument(function, 4).getDimSize(0);
    pagesPerSequence_ = argument(function, 4).getDimSize(1);
    body_.push_back({function, argument(function, 0).getDimSize(0)});
  } else {
    vocab_ = cast<RankedTensorType>(function.getResultTypes()[0]).getDimSize(1);
    head_.push_back({function, argument(function, 1).getDimSize(0)});
  }
  return Status::ok();
}

Result<Interpreter> Interpreter::open(ModuleOp module, ref::Context &contents) {
  Interpreter out(contents);
  for (auto function : module.getOps<func::FuncOp>())
    TENON_TRY(out.addProgram(function));
  auto caches = module.getOps<model::CacheOp>();
  if (out.body_.empty() || out.head_.empty() || caches.empty())
    return Status(Code::Usage,
                  "the module has no functions marked model.entry = \"body\" and \"head\", or no model.cache");
  auto cache = cast<model::CacheType>((*caches.begin()).getType());
  out.maxContext_ = std::min(out.pagesPerSequence_, cache.getPages()) * cache.getPageTokens();
  for (SmallVector<Program> *programs : {&out.body_, &out.head_})
    llvm::sort(*programs, [](const Program &a, const Program &b) { return a.rows < b.rows; });
  return out;
}

std::pair<Interpreter::Program, int64_t> Interpreter::choose(ArrayRef<Program> programs, int64_t remaining) {
  if (ShapedType::isDynamic(programs.front().rows))
    return {programs.front(), remaining};
  for (const Program &program : llvm::reverse(programs))
    if (program.rows <= remaining)
      return {program, program.rows};
  return {programs.front(), remaining}; // the smallest, with padding rows
}

Result<ref::Value> Interpreter::run(func::FuncOp function, ArrayRef<ref::Value> arguments) {
  Diagnostics diagnostics(function.getContext());
  FailureOr<SmallVector<ref::Value>> results = model::evaluateRegion(function.getBody(), arguments, *contents_);
  if (failed(results))
    return Status(Code::InvalidFile, function.getName().str() + ": " + diagnostics.text());
  return results->front();
}

Status Interpreter::feed(ArrayRef<int32_t> tokens, std::vector<float> &logits) {
  if (static_cast<int64_t>(tokens.size()) > maxContext_ - position_)
    return Status(Code::Constraint, std::to_string(tokens.size()) + " more tokens after " + std::to_string(position_) +
                                        ", expected at most " + std::to_string(maxContext_) + " in all");
  while (!tokens.empty()) {
    auto [program, count] = choose(body_, static_cast<int64_t>(tokens.size()));
    int64_t rows = ShapedType::isDynamic(program.rows) ? count : program.rows;
    std::vector<int32_t> ids(rows, 0), positions(rows, 0), slots(rows, -1);
    for (int64_t n = 0; n < count; ++n) {
      ids[n] = tokens[n];
      positions[n] = static_cast<int32_t>(position_ + n);
      slots[n] = 0;
    }
    int64_t segmentCount = argument(program.function, 3).getDimSize(0);
    segmentCount = ShapedType::isDynamic(segmentCount) ? 1 : segmentCount;
    std::vector<int32_t> segments(4 * segmentCount, 0), blocks(slots_ * pagesPerSequence_, -1);
    segments[2] = static_cast<int32_t>(count);
    segments[3] = static_cast<int32_t>(position_ + count);
    for (int64_t page = 0; page < pagesPerSequence_; ++page)
      blocks[page] = static_cast<int32_t>(page);
    TENON_ASSIGN(
        ref::Value hidden,
        run(program.function, {integers({rows}, ids), integers({rows}, positions), integers({rows}, slots),
                               integers({segmentCount, 4}, segments), integers({slots_, pagesPerSequence_}, blocks)}));
    for (int64_t first = 0; first < count;) {
      auto [head, taken] = choose(head_, count - first);
      std::vector<int32_t> selected(ShapedType::isDynamic(head.rows) ? taken : head.rows, 0);
      for (int64_t n = 0; n < taken; ++n)
        selected[n] = static_cast<int32_t>(first + n);
      int64_t size = static_cast<int64_t>(selected.size());
      TENON_ASSIGN(ref::Value out, run(head.function, {hidden, integers({size}, std::move(selected))}));
      logits.insert(logits.end(), out.tensor->f32.begin(), out.tensor->f32.begin() + taken * vocab_);
      first += taken;
    }
    position_ += count;
    tokens = tokens.drop_front(static_cast<size_t>(count));
  }
  return Status::ok();
}
