"""Writes the recorder as one file, to be taken to where a program is:

python -m dcgan_v1.migration.recordings.tf1_recorder recorder.py
"""

import sys

from dcgan_v1.migration.recordings.recorder_file import write

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("name the file that is written: recorder.py")
    write("tf1_recorder", sys.argv[1])
