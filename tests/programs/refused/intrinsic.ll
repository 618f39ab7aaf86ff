; refused: @f: %r = call ptr @llvm.returnaddress(i32 0)
target triple = "x86_64-pc-linux-gnu"
declare ptr @llvm.returnaddress(i32)
define ptr @f() {
  %r = call ptr @llvm.returnaddress(i32 0)
  ret ptr %r
}
