// The SHA-1 of a file, which is mapped into memory: by the first provider, which copies what is mapped to the heap,
// or with `jitkit` by JitkitProvider, which reads it where it is.
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;

public class HashFile {
    static final long PIECE = 64 << 20;  // of the file, mapped at once

    public static void main(String[] arguments) throws Exception {
        MessageDigest digest = arguments.length > 1 ? MessageDigest.getInstance("SHA-1", new jitkit.JitkitProvider())
                                                    : MessageDigest.getInstance("SHA-1");
        try (FileChannel file = FileChannel.open(Path.of(arguments[0]))) {
            for (long at = 0; at < file.size(); at += PIECE)
                digest.update(file.map(FileChannel.MapMode.READ_ONLY, at, Math.min(PIECE, file.size() - at)));
        }
        StringBuilder hex = new StringBuilder();
        for (byte b : digest.digest()) hex.append(String.format("%02x", b));
        System.out.println(hex);
    }
}
