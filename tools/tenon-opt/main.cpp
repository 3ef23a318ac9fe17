// tenon-opt: reads IR, runs the passes named on the command line, prints IR.
#include "dialects/engine/Engine.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Pipelines.h"
#include "tools/cli/StandardStreams.h"

int main(int argc, char **argv) {
  tenon::cli::reserveStandardStreams();
  mlir::DialectRegistry registry;
  registry
      .insert<mlir::func::FuncDialect, mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::memref::MemRefDialect,
              mlir::scf::SCFDialect, mlir::vector::VectorDialect, mlir::LLVM::LLVMDialect, tenon::model::ModelDialect,
              tenon::kernel::KernelDialect, tenon::qt::QtDialect, tenon::engine::EngineDialect>();
  tenon::registerTenonPasses();
  mlir::registerTransformsPasses(); // cse, canonicalize, symbol-dce
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Tenon's pass driver\n", registry));
}
