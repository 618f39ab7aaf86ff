; refused: the thread-local variable @x
target triple = "aarch64-unknown-linux-gnu"
@x = thread_local global i32 0
