"""What a person looks at: reports, previews, inspections, measurements."""
